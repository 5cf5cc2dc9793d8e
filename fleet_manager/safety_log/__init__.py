"""The site's memory of safety events: append only, and any change in it is found and located.

`tree` is the hash tree of RFC 6962 and knows no storage; `heads` signs its heads; `log` appends records and tree to a
database that `reader` reads; `witness` keeps signed heads and leaf hashes in a second place; `verify` finds and locates
what was changed; `proofs` are files that prove one record to somebody who has nothing but the log's public key, and
`export` a file that proves many.
"""
