"""Camera images as JPEG, a few a second: raw ones would fill the memory within seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
from sensor_msgs.msg import CompressedImage


class CameraUnavailableError(RuntimeError):
    """The camera cannot be recorded: OpenCV is not installed."""


class JpegEncoder:
    """sensor_msgs/Image to sensor_msgs/CompressedImage. Raises CameraUnavailableError when OpenCV is missing."""

    def __init__(self, quality: int) -> None:
        try:
            import cv2
        except ImportError as fault:
            raise CameraUnavailableError("record_camera needs OpenCV (Debian: python3-opencv)") from fault
        self._cv2 = cv2
        self._quality = [cv2.IMWRITE_JPEG_QUALITY, quality]

    def encode(self, image: Any) -> CompressedImage | None:
        """The image as JPEG; None when its encoding is none of rgb8, bgr8 and mono8, or it is no whole image."""
        channels = {"rgb8": 3, "bgr8": 3, "mono8": 1}.get(image.encoding)
        size = image.height * image.step
        if channels is None or image.step < channels * image.width or not 0 < size <= len(image.data):
            return None
        rows = np.frombuffer(image.data, np.uint8, size).reshape(image.height, image.step)
        pixels = rows[:, : channels * image.width].reshape(image.height, image.width, channels)
        if image.encoding == "rgb8":
            pixels = self._cv2.cvtColor(pixels, self._cv2.COLOR_RGB2BGR)
        done, jpeg = self._cv2.imencode(".jpg", pixels, self._quality)
        if not done:
            return None
        compressed = CompressedImage(header=image.header, format=f"{image.encoding}; jpeg compressed bgr8")
        compressed.data = jpeg.tobytes()
        return compressed
