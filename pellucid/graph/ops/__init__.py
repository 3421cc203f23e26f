"""The operations a user calls, pellucid.ops: each becomes nodes of the graph, or calculates where x is numbers."""
