"""Mail through the mail server of the settings: cases, sign-in links, alerts."""
