"""Reading DICOM series and writing result objects."""
