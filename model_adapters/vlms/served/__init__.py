"""What the adapters of served models share: request bodies, replies, pace and retries."""
