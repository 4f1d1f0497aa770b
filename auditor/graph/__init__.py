"""Microsoft Graph: token, clouds' limits, paging, batches and raw JSON. Reads only.

Import the modules one by one: `client` pulls in msgraph-sdk, which takes half a second.
"""
