"""The CNN book's learning curve: the 7-convolution net on 40, 400, 3,000 and 6,000 MNIST images, validated on 30 %."""

import argparse
import json

import pellucid
from pellucid.data.apportion import stratified_sample
from pellucid.data.batches import Batches
from pellucid.data.opening import open_dataset
from pellucid.data.preprocessing import default_pipeline
from pellucid.data.splits import split_validation
from pellucid.graph.notation import parse
from pellucid.keys import Key
from pellucid.models import Sequential
from pellucid.optimizers import Adam, schedules

STEPS = {40: 400, 400: 800, 3_000: 1_500, 6_000: 3_000}  # updates, so that few images are seen more often
BATCH = 20

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
seed = parser.parse_args().seed
key = Key.of(seed)
dataset = split_validation(open_dataset("mnist"), fraction=0.3, seed=0)
train, validation = dataset.part("train"), dataset.part("validation")
scores = {}
for images, steps in STEPS.items():
    pellucid.set_random_seed(seed)
    part = train.subset(stratified_sample(train.labels, images, key=key.fold("curve", images)))  # every class alike
    scaled = default_pipeline().fit(part, key=key)
    batches = Batches(part, batch_size=BATCH, key=key, preprocessing=scaled)
    held_out = Batches(validation, batch_size=256, key=key, shuffle=False, preprocessing=scaled)
    words = "conv_8 pool conv_12*3 pool conv_36*3 pool FC_64"
    model = Sequential(parse(words, input_shape=(28, 28, 1), classes=10, activation="elu", l2=1e-5))
    epochs = -(-steps // batches.steps_per_epoch)
    rate = schedules.CosineDecay(0.001, epochs * batches.steps_per_epoch)
    model.compile(Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"], engine="reference")
    model.fit(batches, epochs=epochs, verbose=0)
    scores[f"accuracy_{images}"] = model.evaluate(held_out, verbose=0)[1]
print(json.dumps(scores))
