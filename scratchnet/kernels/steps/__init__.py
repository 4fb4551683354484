"""What a step of a plan is: one file a layer, named as the layer in `scratchnet/layers`.

A step stands for a layer, or for a run of layers that belong together (`conv2d_maxpool.py`: a convolution, its bias,
its ReLU and the pooling after it). It holds buffers, made once for each size of a batch, and calls the loops. What all
steps share is in `step.py`, what a plan expects of one in `scratchnet/graph/plan.py`.
"""
