"""What the LGPD calls access and portability: all the hub holds of a person, in a form that machines read."""
