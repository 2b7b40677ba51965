"""Credentials as they look, made up."""

META = "EAAGm0PX4ZCps" + "BAKZAx1Y2oPq7" * 12 + "ZD"
JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiJraXdpZnkifQ" * 3 + ".dBjftJeZ4CVPmB92K27uhbUJU1p1rwW1gFWFOEjXk"
UUID_A = "1b2c3d4e-5f60-4a7b-8c9d-0e1f2a3b4c5d"
UUID_B = "9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a"
HEX32 = "5ec7e7a99b1d4c0e8f2a6b3d7c9e1f05"
HEX64 = HEX32 + "b7f3a9c2d1e84f60a3f19c0d4e2b8a67"
BASIC = "MWIyYzNkNGUtNWY2MC00YTdiLThjOWQtMGUxZjJhM2I0YzVkOjlmOGU3ZDZj"
HOTTOK = "hTkPlantedOfHotmart88q42zzqYt3"
KIWIFY_TOKEN = "kwfPlantedToken77xqR"
HUB_KEY = "sk_hub_" + "Zx93kQ7Lm0aB" * 3
REFERENCE = "secret:0190f3a2-1111-7abc-8def-0123456789ab"
