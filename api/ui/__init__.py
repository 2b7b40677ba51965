"""Pages, rendered here and improved by small scripts: what a form can do works without any."""
