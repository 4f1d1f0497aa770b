"""An auditor for SAML enterprise applications in Microsoft Entra ID."""

__version__ = "0.1.0"
