"""Reply drafts by a language model, for agents only: what goes out is masked, what comes back is checked. Off by default."""
