"""How a wrong field of a connection is reported."""


def problem(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": message}
