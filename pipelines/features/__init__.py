"""Numbers about the segmented structures: radiomics, deep, fat infiltration, morphometry."""
