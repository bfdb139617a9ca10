//! The city plan: a stable layout of the world, and the scene the screen paints.
