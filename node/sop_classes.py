"""The storage SOP classes (PS3.4 B.5) that the node knows, and what it does with each.

Series selection looks at the first group only, and only these open a finished study again. The others are
stored so that a PACS can push whole studies; another system's SR or SEG that arrives after our results
must not set off a new round, or two such systems would answer each other for ever.
"""

from pydicom import uid

ANALYSED: frozenset[str] = frozenset(
    {
        uid.CTImageStorage,
        uid.EnhancedCTImageStorage,
        uid.LegacyConvertedEnhancedCTImageStorage,
        uid.MRImageStorage,
        uid.EnhancedMRImageStorage,
        uid.LegacyConvertedEnhancedMRImageStorage,
    }
)

STORED_ONLY: frozenset[str] = frozenset(
    {
        # other images that come with CT and MR studies of the spine
        uid.EnhancedMRColorImageStorage,
        uid.MRSpectroscopyStorage,
        uid.ComputedRadiographyImageStorage,
        uid.DigitalXRayImageStorageForPresentation,
        uid.DigitalXRayImageStorageForProcessing,
        uid.PositronEmissionTomographyImageStorage,
        uid.ParametricMapStorage,
        uid.RawDataStorage,
        # secondary captures: scanned orders, dose pages, other systems' overlays
        uid.SecondaryCaptureImageStorage,
        uid.MultiFrameSingleBitSecondaryCaptureImageStorage,
        uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
        uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        uid.MultiFrameTrueColorSecondaryCaptureImageStorage,
        # reports, measurements and dose
        uid.BasicTextSRStorage,
        uid.EnhancedSRStorage,
        uid.ComprehensiveSRStorage,
        uid.Comprehensive3DSRStorage,
        uid.ExtensibleSRStorage,
        uid.XRayRadiationDoseSRStorage,
        uid.EnhancedXRayRadiationDoseSRStorage,
        uid.PatientRadiationDoseSRStorage,
        uid.KeyObjectSelectionDocumentStorage,
        uid.EncapsulatedPDFStorage,
        uid.CTPerformedProcedureProtocolStorage,
        # segmentations and what positions or shows images
        uid.SegmentationStorage,
        uid.UID("1.2.840.10008.5.1.4.1.1.66.7"),  # Label Map Segmentation Storage
        uid.SurfaceSegmentationStorage,
        uid.SpatialRegistrationStorage,
        uid.DeformableSpatialRegistrationStorage,
        uid.SpatialFiducialsStorage,
        uid.RealWorldValueMappingStorage,
        uid.RTStructureSetStorage,
        uid.GrayscaleSoftcopyPresentationStateStorage,
        uid.ColorSoftcopyPresentationStateStorage,
        uid.PseudoColorSoftcopyPresentationStateStorage,
        uid.BlendingSoftcopyPresentationStateStorage,
    }
)

#: what this node itself makes (docs: results); only these can be its own results coming back
MADE_HERE: frozenset[str] = frozenset(
    {
        uid.SegmentationStorage,
        uid.Comprehensive3DSRStorage,
        uid.EncapsulatedPDFStorage,
        uid.SecondaryCaptureImageStorage,
    }
)
