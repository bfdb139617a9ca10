//! Questions about the graph, and the topology document of the command line.
