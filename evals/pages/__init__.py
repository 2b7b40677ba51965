"""The hub's pages as people meet them: pictures of each, a setup counted click by click, and what a page costs."""
