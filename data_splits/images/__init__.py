"""Reading radiographs: PNG, JPEG and DICOM to one displayed grey image."""

from data_splits.images.decode import read_image

__all__ = ["read_image"]
