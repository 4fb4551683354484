import scratchnet as sn


class Scale(sn.Layer):  # y = x · factor, one factor for each feature
    def build(self, input_shape):
        self.add_weight("factor", (input_shape[-1],))

    def forward(self, x, training=False):
        self.x = x.copy()
        return x * self.params["factor"]

    def backward(self, dy):
        self.grads["factor"][...] = (dy * self.x).mean(axis=0)  # the mistake: a mean
        return dy * self.params["factor"]
