"""A simulated endpoint of the OpenAI-compatible kind: it says what a test wants said, and fails as endpoints fail."""
