"""What pynetdicom forgets, and tests do not mind."""

#: the socket of a refused connection is left to the garbage collector, which closes it at once
FORGOTTEN_SOCKET = "ignore:Exception ignored in. <s.*socket:pytest.PytestUnraisableExceptionWarning"
