"""Provider exceptions that leave the app: how they are recognized, and the response that is made from them."""
