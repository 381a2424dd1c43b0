//! Keys, charter, roster and authorisation of Comity. Pure.
