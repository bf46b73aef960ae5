"""Sequences that walks have found, shrunk: each broke a promise once, as those of `sequences`."""

from __future__ import annotations

from tests.simulation.sequences import OLD, Sequence, do

FOUND = (
    Sequence(
        "a keyring that has taken a token is still said to be absent", 40004,
        do("click", 14431.226, OLD, 0.981), do("keyring locked", 14447.489, OLD, 0.078, step=0),
        do("click", 18142.61, OLD, 0.538), do("remove", 18147.865, OLD, 0.802, step=7),
        do("click", 22459.663, OLD, 0.259), do("damage", 23396.513, OLD, 0.47), until=25006,
    ),
    Sequence(
        "a restart forgets Retry-After of a session of which nothing has failed", 40085,
        do("config", 2882.534, much=0.404), do("click", 7697.207, much=0.986),
        do("keyring slow", 13475.701, "twin", 0.572), do("aws 429", 13675.716, OLD, 0.983),
        do("config", 15769.071, "lab", 0.704), do("config", 15769.148, much=0.492),
        do("all is well", 18181.107, "lab", 0.813), do("aws sso login", 18280.995, much=0.555),
        do("restart, state lost", 18419.12, "lab", 0.395), until=20212,
    ),
    Sequence(
        "an adoption forgets the Retry-After that its renewal was given", 50004,
        do("aws sso login", 1314.968, OLD, 0.435), do("release", 1812.374, OLD, 0.727),
        do("restart, state lost", 1998.708, OLD, 0.544), do("aws 429", 2002.786, OLD, 0.516),
        do("sleep", 2015.195, OLD, 0.75), do("restart, state old", 2015.331, OLD, 0.368),
        until=2019,
    ),
    Sequence(
        "an older CLI's token that a sign-in afresh has ended is used to its end", 40100,
        do("old login", 34474.093, much=0.106), do("read", 34477.816, much=0.142),
        do("put back", 37067.923, much=0.274, step=11),
        do("keyring hung", 39370.409, much=0.93), do("aws sso login", 39648.244, much=0.76),
        do("click", 41722.82, much=0.739), until=46123,
    ),
    Sequence(
        "an older CLI's token that AWS has ended hides the one that is kept", 50029,
        do("old login", 13304.454, "twin", 0.328), do("put back", 19334.179, "twin", 0.71, step=5),
        do("read", 19385.973, "twin", 0.434), do("aws sso logout", 20429.014, "twin", 0.468),
        do("aws sso login", 20429.142, "twin", 0.62), until=21616,
    ),
    Sequence(
        "a sign-in covers the later one that another program wrote meanwhile", 40106,
        do("click", 10.403, "twin", 0.88), do("keyring hung", 11.89, "twin", 0.166),
        do("aws sso login", 28.718, "twin", 0.659), until=38,
    ),
    Sequence(
        "a release covers a later sign-in that the keyring does not take", 50073,
        do("aws sso login", 3323.348, OLD, 0.671), do("keyring denied", 3664.622, OLD, 0.352),
        do("keyring denied", 9737.129, OLD, 0.729), do("aws sso login", 10386.475, OLD, 0.4),
        do("release", 10452.823, OLD, 0.021), until=10454,
    ),
    Sequence(
        "an SDK's older answer covers ours in the file", 50128,
        do("click", 6689.719, "lab", 0.943), do("old login", 8552.96, "lab", 0.489),
        do("aws sso login", 9077.003, "lab", 0.171, step=8),
        do("keyring absent", 14552.067, "lab", 0.881),
        do("sdk refreshes", 14725.014, "lab", 0.187, step=12), do("click", 14769.01, "lab", 0.186),
        until=15757,
    ),
    Sequence(
        "a keyring that was absent when the record was lost is not asked again", 32002,
        do("click", 12113.033, "twin", 0.977), do("sleep", 26499.712, much=0.504),
        do("sleep", 32613.201, much=0.642), do("aws sso login", 36300.776, "lab", 0.699),
        do("keyring absent", 37376.14, "lab", 0.319),
        do("restart, state old", 37521.277, "lab", 0.247), until=39601,
    ),
    Sequence(
        "a refused token is over by an end that was written into its file", 32036,
        do("click", 2517.235, "twin", 0.175), do("click", 14443.459, "twin", 0.798),
        do("old login", 26127.619, "twin", 0.835), do("revoke", 32795.577, "twin", 0.474),
        do("old login", 33926.725, "twin", 0.041), do("redate", 35469.561, "twin", 0.973),
        do("redate", 35471.62, "twin", 0.493), until=36760,
    ),
    Sequence(
        "a restart during a sign-out leaves the portal's other session signed in", 50001,
        do("old login", 11935.128, "twin", 0.084), do("release", 15982.605, much=0.016),
        do("old login", 17450.379, much=0.633), do("sign out", 19571.939, "twin", 0.216),
        do("restart, state lost", 19572.339, much=0.679), until=23027,
    ),
    Sequence(
        "a released token is well again over a later end than AWS gave it", 50087,
        do("aws sso login", 25614.84, "twin", 0.574), do("revoke", 30003.517, much=0.509),
        do("sign out", 51687.297, much=0.278), do("redate", 55027.505, "twin", 0.363),
        until=56577,
    ),
    Sequence(
        "a later end than AWS gave it is believed of a token that stays in its file", 50155,
        do("aws sso login", 42887.585, "twin", 0.242), do("click all", 42894.289, "twin", 0.841),
        do("aws sso login", 87465.221, "twin", 0.214, step=10),
        do("aws sso login", 88509.678, "twin", 0.528),
        do("aws sso login", 88719.065, "twin", 0.545), do("redate", 90359.524, "twin", 0.335),
        until=98100,
    ),
    Sequence(
        "a restart takes a token that has ended for one that AWS has refused", 50120,
        do("click", 5943.139, "lab", 0.592), do("aws sso logout", 18973.048, "lab", 0.962),
        do("old login", 18979.568, "lab", 0.483), do("sleep", 18985.051, "lab", 0.652),
        do("restart compared", 24327.124, "lab", 0.388), until=24388,
    ),
    Sequence(
        "a kept token that AWS has ended takes the place of another ended one", 51148,
        do("click all", 6573.817, much=0.524), do("click", 6748.598, much=0.53),
        do("aws sso login", 9409.674, "twin", 0.574), do("click", 9414.096, much=0.827),
        do("foreign", 9414.913, much=0.876), do("restart, state old", 9453.195, "twin", 0.03),
        until=9656,
    ),
    Sequence(
        "what AWS gave while the file was away is not put into it", 53057,
        do("click", 61.024, much=0.399), do("clock", 440.196, much=0.283, step=9),
        do("sdk writes older", 445.746, much=0.764, step=11),
        do("remove", 1316.855, much=0.132, step=9), until=5297,
    ),
    Sequence(
        "a worker that dies once it has stored leaves a keyring to be waited for", 54009,
        do("aws sso login", 3135.954, "lab", 0.969), do("kill", 3154.434, much=0.693),
        do("keyring locked", 3156.375, "lab", 0.313, step=4),
        do("aws sso login", 4659.158, "twin", 0.228), until=5976,
    ),
    Sequence(
        "what the keyring keeps is not tried when AWS has refused the file's", 58016,
        do("click all", 593.417, "twin", 0.89), do("keyring slow", 3891.12, "twin", 0.553),
        do("aws sso login", 4531.529, "twin", 0.038), do("aws 500", 4531.678, "twin", 0.88),
        do("renew", 4531.907, "twin", 0.366), until=4552,
    ),
    Sequence(
        "a sign-in written beside a renewal is taken for one thrown away", 63088,
        do("click", 222.618, much=0.892), do("aws sso login", 1306.343, much=0.4, step=1),
        do("keyring locked", 1386.325, much=0.194, step=3), until=2414,
    ),
)  # fmt: skip
"""What an explorer has found, once."""
