"""Where alerts are told: e-mail, a signed webhook, and the format of Slack's incoming webhooks."""
