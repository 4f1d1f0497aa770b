"""Pure functions over SAML artefacts: certificates, signatures, federation metadata, responses.

Nothing here opens a file, asks the network or reads the clock. Whatever the bytes hold, the answer is a value
or one of the errors named here; every document comes in through `door`.
"""
