"""What is multiplied and added, in which order: to be read from the top.

Numbers by themselves, plain Numba:

    vectors.py                 fill, copy, add, repeat; sums of what blocks of samples have found
    gather.py                  a batch out of a data set, cast and scaled on the way
    optimizers.py              Adam and momentum over one flat vector
    finite.py                  whether a gradient has a NaN
    softmax_crossentropy.py    loss, probabilities and gradient, row by row
    mean_squared_error.py      loss and gradient, block by block
    sigmoid.py                 one pass each way
    merging.py                 sums of arrays of one shape
    normalization.py           mean, variance, and the compact gradient, channel by channel
    layer_normalization.py     the same, row by row
    windows.py                 where the windows of a convolution lie, as tables; padding
    max_pooling.py             the winner of each window
    average_pooling.py         the mean of each window
    global_max_pooling.py      the largest number of each channel
    up_sampling.py             pixels repeated

The matrix product, which most of the time is spent in:

    matrix_product.py          tiles of the result, and what is left over at its edges
    matrix_product_tile.py     its innermost loop, in vector instructions
    transpose.py               squares in registers
    bias_and_relu.py           what follows a product, and what goes before one on the way back
    nonzero_product.py         a product that passes over zeros
    dense_products.py          a dense layer's three products, cut for caches and threads
    logits_and_crossentropy.py the last dense layer together with the loss
    convolution.py             a convolution's three products, with no im2col
    convolution_transposed.py  the same three, each in another's place
    depthwise_convolution.py   each channel by itself, plain Numba

A convolution that is pooled at once, which need not be written, and whose gradient comes from the winners alone:

    pooling_windows.py                     which places of the convolution a pooling window looks at
    pooled_convolution.py                  convolve, then pool in scratch or in registers
    pooled_convolution_tile.py             the innermost loop of the latter
    pooled_convolution_one_channel.py      images of one channel: taps stay in registers
    pooled_gradients.py                    the gradients, in three ways
    pooled_kernel_gradient.py              of the kernel: one filter's patches added up
    pooled_input_gradient.py               of the image: the kernels of the filters that won
    pooled_input_gradient_squares.py       the same, a whole window at a time

Fewer products:

    winograd.py                            sums that share products, for four neighbouring places
    convolution_points.py                  the two ends for a 3x3 convolution with stride 1 or 2
    convolution_tiles.py                   where these fours lie, as tables
    convolution_winograd.py                the convolution
    convolution_winograd_gradient.py       its gradients
    pooled_convolution_winograd.py         forward
    pooled_kernel_gradient_winograd.py     backward
"""
