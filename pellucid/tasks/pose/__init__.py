"""Pose: all people of a picture at once, joints as maps, limbs as fields that say whose joints are whose."""
