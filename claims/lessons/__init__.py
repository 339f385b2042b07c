"""The claims of each lesson, in a module of its name: how they are measured, and what they say."""
