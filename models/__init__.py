"""Networks, classifiers and the anatomy they learn from: tensors and tables, no DICOM."""
