"""A Chatwoot account as the hub sees it: the application API it calls, and the webhooks Chatwoot sends back.

Source: the controllers, builders and presenters of github.com/chatwoot/chatwoot.
"""
