//! The case state machine of Comity: statements in, state and deadlines out. Pure.
