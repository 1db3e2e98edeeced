"""What is wrong with the material of a training: the one line that the user reads."""


class TrainingInputError(ValueError):
    """Description, table or command ask for what cannot be trained; says what, where, and what to do."""


class DescriptionError(TrainingInputError):
    """A predictor's description cannot be used; names the file, the line and the key."""


class TableError(TrainingInputError):
    """A feature table cannot be used; names the file, the row and the column."""
