"""Names that Keras has and scratchnet has not, or not yet, so that an error can say so (docs/keras-differences.md).

What is known is looked up first, so a name may stay here when it comes. A test finds what is missing here.
"""

from __future__ import annotations

ABSENT = {
    "layer": (
        "ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D "
        "AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D AdditiveAttention AlphaDropout Attention "
        "AugMix AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D "
        "AvgPool3D Bidirectional CategoryEncoding CenterCrop Concatenate "
        "ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2DTranspose Conv3D "
        "Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D CutMix DepthwiseConv1D "
        "DepthwiseConv2D Discretization Dot ELU EinsumDense Embedding Equalization FlaxLayer GRU GRUCell "
        "GaussianDropout GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D "
        "GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D "
        "GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention "
        "HashedCrossing Hashing Identity InputSpec IntegerLookup JaxLayer LSTM LSTMCell Lambda "
        "LeakyReLU Masking MaxNumBoundingBoxes MaxPool1D MaxPool3D MaxPooling1D MaxPooling3D Maximum "
        "MelSpectrogram Minimum MixUp MultiHeadAttention Multiply Normalization PReLU Permute Pipeline "
        "RMSNormalization RNN RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter "
        "RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur "
        "RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation "
        "RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom RepeatVector Reshape Resizing "
        "ReversibleEmbedding STFTSpectrogram SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Solarization "
        "SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup "
        "Subtract TFSMLayer TextVectorization TimeDistributed TorchModuleWrapper UnitNormalization UpSampling1D "
        "UpSampling2D UpSampling3D Wrapper ZeroPadding1D ZeroPadding2D ZeroPadding3D"
    ),
    "loss": (
        "binary_focal_crossentropy categorical_focal_crossentropy categorical_generalized_cross_entropy "
        "categorical_hinge circle cosine_similarity ctc dice hinge log_cosh mape mean_absolute_percentage_error "
        "mean_squared_logarithmic_error msle poisson squared_hinge tversky"
    ),
    "metric": (
        "binary_crossentropy binary_io_u categorical_crossentropy categorical_hinge "
        "concordance_correlation cosine_similarity f1_score f_beta_score false_negatives false_positives hinge "
        "io_u kl_divergence log_cosh_error mape mean mean_absolute_percentage_error mean_io_u mean_metric_wrapper "
        "mean_squared_logarithmic_error msle one_hot_io_u one_hot_mean_io_u pearson_correlation poisson "
        "precision_at_recall r2_score "
        "recall_at_precision root_mean_squared_error sensitivity_at_specificity sparse_categorical_crossentropy "
        "specificity_at_sensitivity squared_hinge sum true_negatives true_positives"
    ),
    "optimizer": (
        "adadelta adafactor adagrad adamax adamw ftrl lamb lion loss_scale_optimizer multioptimizer muon nadam "
        "optimizermap rmsprop schedulefreeadamw"
    ),
    "activation": (
        "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu "
        "log_sigmoid log_softmax mish relu6 selu silu soft_shrink softplus softsign sparse_plus sparse_sigmoid "
        "sparsemax squareplus swish tanh_shrink threshold"
    ),
    "initializer": (
        "constant identity identity_initializer lecun_normal lecun_uniform orthogonal orthogonal_initializer "
        "random_normal random_uniform stft stft_initializer truncated_normal variance_scaling"
    ),
    "callback": "OrbaxCheckpoint ProgbarLogger RemoteMonitor SwapEMAWeights TensorBoard",
    "utility": (
        "Config CustomObjectScope FeatureSpace Progbar array_to_img audio_dataset_from_directory "
        "custom_object_scope deserialize_keras_object disable_interactive_logging enable_interactive_logging "
        "get_custom_objects get_file get_registered_name get_registered_object get_source_inputs "
        "image_dataset_from_directory img_to_array is_interactive_logging_enabled is_keras_tensor load_img "
        "model_to_dot normalize pack_x_y_sample_weight pad_sequences plot_model register_keras_serializable "
        "save_img serialize_keras_object split_dataset standardize_dtype text_dataset_from_directory "
        "timeseries_dataset_from_array unpack_x_y_sample_weight"
    ),
    "name": (
        "applications backend distillation dtype_policies export mixed_precision ops preprocessing quantizers random "
        "tree visualization wrappers"
    ),
    "name in saving": (
        "CustomObjectScope KerasFileEditor custom_object_scope deserialize_keras_object get_custom_objects "
        "get_registered_name get_registered_object load_weights register_keras_serializable save_weights "
        "serialize_keras_object"
    ),
    "setting": (
        "disable_flash_attention disable_interactive_logging disable_traceback_filtering dtype_policy "
        "enable_flash_attention enable_interactive_logging enable_traceback_filtering "
        "enable_unsafe_deserialization epsilon image_data_format is_flash_attention_enabled "
        "is_interactive_logging_enabled is_nnx_enabled is_traceback_filtering_enabled max_epochs "
        "max_steps_per_epoch set_dtype_policy set_epsilon set_image_data_format set_max_epochs "
        "set_max_steps_per_epoch"
    ),
    "argument of Input": "optional ragged sparse tensor",
    "argument of compile": "auto_scale_loss jit_compile run_eagerly steps_per_execution",
    "argument of save": "zipped",
    "argument of save_weights": "max_shard_size",
    "argument of save_model": "zipped",
    "argument of load_model": "safe_mode",
    "argument of clone_model": "call_function recursive",
    "argument of add": "rebuild",
    "argument of pop": "rebuild",
    "argument of Dense": "lora_alpha lora_rank quantization_config",
    "argument of Adam": "loss_scale_factor",
    "argument of SGD": "loss_scale_factor",
}
"""By what the error calls it: layers and modules by their own names, what is given by name in that spelling."""
