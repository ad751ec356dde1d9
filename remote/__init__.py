"""Live sessions between a village and the centre. Imports none of ours, so that a village helper can ship without the centre."""
