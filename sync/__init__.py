"""The protocol between a village and the centre: packs, manifests, messages, signatures. Imports none of ours."""
