"""Who answers, and how: adapter protocols, one file per adapter, and the engines and stores that run them."""
