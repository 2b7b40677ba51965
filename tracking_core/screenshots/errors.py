"""What can be wrong with a picture somebody sends; each says what to do about it."""

from tracking_core.errors import BodyTooLarge, Conflict, HubError, NotFound, RateLimited, ServiceUnavailable


class ScreenshotTooLarge(BodyTooLarge):
    code = "screenshot_too_large"
    message = "The picture is larger than {limit_megabytes} MB. Crop it to the part that matters and send it again."


class ScreenshotRefused(HubError):
    """The file is no picture that can be taken."""

    status = 422


class ScreenshotEmpty(ScreenshotRefused):
    code = "screenshot_empty"
    message = "The file is empty. Take the screenshot again and send it."


class ScreenshotNotAnImage(ScreenshotRefused):
    code = "screenshot_not_an_image"
    message = "This file is not a picture. Send a screenshot as PNG, JPEG or WebP."


class ScreenshotFormat(ScreenshotRefused):
    code = "screenshot_format"
    message = "{format} files are not taken, whatever the file is called. Send a screenshot as PNG, JPEG or WebP."


class ScreenshotDimensions(ScreenshotRefused):
    code = "screenshot_dimensions"
    message = (
        "The picture has too many pixels: {megapixels} million at most, and {side} on a side. Crop it to the part that"
        " matters and send it again."
    )


class ScreenshotFrames(ScreenshotRefused):
    code = "screenshot_frames"
    message = "This is a moving picture. Send a still screenshot."


class ScreenshotDamaged(ScreenshotRefused):
    code = "screenshot_damaged"
    message = "The picture cannot be opened: the file is damaged or incomplete. Take the screenshot again and send it."


class ScreenshotsFull(Conflict):
    code = "screenshots_full"
    message = "{limit} pictures are kept in this setup already. Delete one that is no longer needed and send it again."


class ScreenshotsTooOften(RateLimited):
    code = "screenshots_too_often"
    message = "Too many pictures within a minute. Send the next one in {retry_after_seconds} s."


class ScreenshotGone(NotFound):
    status = 410
    code = "screenshot_gone"
    message = "This picture was deleted. Send it again if it is still needed."

    def __init__(self) -> None:
        super().__init__(what="screenshot")


class ScreenshotUnavailable(ServiceUnavailable):
    code = "screenshot_unavailable"
    message = "The picture could not be looked at because of a fault on our side. Send it again in a moment."
