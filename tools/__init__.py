"""What an agent or a wizard may do: thin, typed, logged wrappers over tracking_core."""
