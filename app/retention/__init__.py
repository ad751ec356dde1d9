"""个人信息保留: how long personal data stay, their end, export and deletion on request."""
