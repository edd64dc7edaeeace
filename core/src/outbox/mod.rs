//! What is owed: messages wait here, durably, until a gateway has taken them over.
