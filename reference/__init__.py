"""The reference: how far scratchnet is from Keras, number by number. Needs ``pip install -e ".[reference]"``.

    python -m reference                       everything but accuracy, in minutes
    python -m reference accuracy --seeds 5    ten epochs of both networks on both sides, seed by seed

The Keras model that a model is compared with is its twin: ``scratchnet.interop.to_keras(model)``.
"""
