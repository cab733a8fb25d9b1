"""Commands of `leaderboards`, one file a group; `leaderboards/cli.py` registers them."""
