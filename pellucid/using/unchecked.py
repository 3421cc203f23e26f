"""The settings that `pellucid check` does not take: what is done with a network that has passed, how long and where."""

UNCHECKED = ("weights", "new_head", "freeze", "unfreeze_after", "unfreeze_rate", "trunk_rate", "epochs", "patience",
             "class_weight", "mine_rounds", "augment", "allow_leak", "compile", "sync_batch_norm", "checkpoint_every",
             "no_checks", "also_split")  # fmt: skip
