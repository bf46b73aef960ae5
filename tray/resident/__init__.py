"""What a daemon of version 0.1 starts anew after an upgrade; removed in the release after next."""
