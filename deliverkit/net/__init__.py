"""The only door to the network: live, replayed or recorded, behind one protocol."""
