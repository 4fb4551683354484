"""How one batch runs through layers, without knowing what a model is.

- ``graph.py``         which tensors a network consists of, in an order in which they can be computed
- ``planning.py``      which steps compute them, and what needs a gradient
- ``plan.py``          how a batch runs through them: forward in order, backward in reverse
- ``kernel_steps.py``  which kernel runs what
- ``kernel_losses.py`` and which loss
- ``kernel_metrics.py`` and which metric
- ``as_defined.py``    what a kernel may stand in for
- ``parameters.py``    all parameters in one flat vector
- ``plan_table.py``    what each step costs
- ``network.py``       what training and saving ask of a model
"""
