/** The operations by the names of scratchnet's layers. What is not here is closed: see operations.py. */
import { batchNormalization } from "./batchNormalization.ts";
import { conv2d } from "./conv2d.ts";
import { dense } from "./dense.ts";
import type { Op } from "./op.ts";
import { activationLayer, add, atRest, dropout, input, rescaling, reshape, zeroPadding2d } from "./placing.ts";
import { averagePooling2d, globalAveragePooling2d, globalMaxPooling2d, maxPooling2d } from "./pooling.ts";

export type { Op } from "./op.ts";

export const operations: Record<string, Op> = {
  InputLayer: input,
  Conv2D: conv2d,
  Dense: dense,
  MaxPooling2D: maxPooling2d,
  AveragePooling2D: averagePooling2d,
  GlobalAveragePooling2D: globalAveragePooling2d,
  GlobalMaxPooling2D: globalMaxPooling2d,
  Flatten: reshape,
  Reshape: reshape,
  BatchNormalization: batchNormalization,
  Dropout: dropout,
  GaussianNoise: atRest,
  RandomCrop: atRest,
  RandomErasing: atRest,
  RandomFlip: atRest,
  RandomTranslation: atRest,
  ZeroPadding2D: zeroPadding2d,
  Add: add,
  Activation: activationLayer,
  ReLU: activationLayer,
  LeakyReLU: activationLayer,
  Softmax: activationLayer,
  Rescaling: rescaling,
};
