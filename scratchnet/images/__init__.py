"""Photos of clothing, brought into the form of Fashion-MNIST: 28×28, grey, the object bright on black.

    photo = images.prepare("my-shoe.jpg")
    model.predict(photo.pixels[None] / 255)

The rule, which any program that prepares pictures for these networks can follow:

 1. The file is opened by its content (PNG, JPEG, WebP, GIF, BMP or TIFF), turned as its EXIF data say; what is
    transparent becomes white, of several frames the first is taken.
 2. An image of 28×28 is taken for one of the data set: it is inverted if the median of its four corners is above 127,
    and otherwise left as it is. Every other image goes on with step 3.
 3. It is reduced to 256 pixels on the longer side (each new pixel the mean of those it covers), in shades of 0 to 1.
 4. Frames are cut off: while all four outermost lines are of one shade, and the lines just inside of where it ends are
    of another and leave three quarters of each side, what is outside of these is a frame, if something is found inside.
 5. The background is the simplest surface (a constant; a plane; a quadratic one) that most of the border agrees with,
    to within 0.05, colour by colour.
 6. The difference of each pixel from the background is the largest of its colours' absolute differences.
 7. Otsu's threshold parts the differences in two groups. Pixels that differ by a sixth of it and are connected, over
    gaps of four pixels at most, to some above it, are one object. The largest is taken that does not cover a whole side
    of the picture. Where the background goes on smoothly into it, there is a shadow; the box around it leaves it out.
 8. If the box takes less than half of the picture, steps 3 to 7 are done again on the box and a fifth around it.
 9. Within the box, differences are stretched, so that the 98th percentile of the object's becomes 1 and the noise of
    the background 0; outside of the object they are 0.
10. The longer side is scaled to 28 (Lanczos) and the result centred in 28×28.

For a drawing on a plain background steps 4, 5, 8 and the shadow do nothing: take the difference from the background,
cut to what differs, stretch, scale the longer side to 28, centre. Steps 9 and 10, the trimming and the frame of 28×28
follow the making of the data set (H. Xiao, K. Rasul, R. Vollgraf 2017, figure 1).
"""

from scratchnet.images.opening import MAX_BYTES, MAX_PIXELS, open_image
from scratchnet.images.preparing import Prepared, prepare

__all__ = ["MAX_BYTES", "MAX_PIXELS", "Prepared", "open_image", "prepare"]
